import { Args, Field, ID, Mutation, ObjectType, Query, ResolveField, Resolver, Root } from '@nestjs/graphql';
import { LalamoveService } from 'nestjs-lalamove';

@ObjectType()
export class Shipment {
  @Field(() => ID)
  declare orderId: string;

  @Field(() => String)
  declare status: string;

  /** Of Lalamove, to resolve the driver. */
  declare driverId: string;
}

@Resolver(() => Shipment)
export class ShipmentResolver {
  constructor(private readonly lalamove: LalamoveService) {}

  @Query(() => Shipment, { nullable: true })
  async shipment(@Args('orderId', { type: () => ID }) orderId: string): Promise<Shipment> {
    const { status, driverId } = await this.lalamove.getOrder(orderId);
    return { orderId, status, driverId };
  }

  @ResolveField(() => String, { nullable: true })
  async driverName(@Root() { orderId, driverId }: Shipment): Promise<string> {
    return (await this.lalamove.getDriver(orderId, driverId)).name;
  }

  @Mutation(() => Boolean, { nullable: true })
  async cancelShipment(@Args('orderId', { type: () => ID }) orderId: string): Promise<boolean> {
    await this.lalamove.cancelOrder(orderId);
    return true;
  }
}
