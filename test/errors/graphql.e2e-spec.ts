import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpException, type INestApplication } from '@nestjs/common';
import { Field, GraphQLModule, Mutation, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { createLalamoveException, LalamoveModule, LalamoveService, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { request, startHost, type Platform } from '../support/host-app.js';
import { ORDER } from '../support/inputs.js';
import { KEYS } from '../support/lalamove.js';
import { http, RawServer } from '../support/raw-server.js';

@ObjectType()
class Shipment {
  @Field(() => String)
  declare id: string;
}

@Resolver(() => Shipment)
class ShipmentResolver {
  constructor(private readonly lalamove: LalamoveService) {}

  @Query(() => String, { nullable: true })
  async order(): Promise<string> {
    return (await this.lalamove.getOrder('1')).orderId;
  }

  @Query(() => Shipment, { nullable: true })
  shipment(): Shipment {
    return { id: '1' };
  }

  @ResolveField(() => String, { nullable: true })
  async driver(): Promise<string> {
    return (await this.lalamove.getDriver('1', '2')).name;
  }

  @Mutation(() => String, { nullable: true })
  async place(): Promise<string> {
    return (await this.lalamove.placeOrder(ORDER)).orderId;
  }
}

const fieldResolverEnhancers: 'filters'[] = ['filters'];
const apollo: ApolloDriverConfig = {
  driver: ApolloDriver,
  autoSchemaFile: true,
  fieldResolverEnhancers,
  includeStacktraceInErrorResponses: false,
};
const mercurius: MercuriusDriverConfig = { driver: MercuriusDriver, autoSchemaFile: true, fieldResolverEnhancers };

const DRIVERS: readonly (readonly [string, Platform, ApolloDriverConfig | MercuriusDriverConfig])[] = [
  ['Apollo', 'express', apollo],
  ['Mercurius', 'fastify', mercurius],
];

describe.each(DRIVERS)('a Lalamove error in GraphQL, by %s', (_, platform, driver) => {
  let server: RawServer;
  let app: INestApplication | undefined;
  let answer: Buffer | undefined;

  beforeEach(async () => {
    answer = undefined;
    server = await RawServer.start((socket) => {
      if (answer) socket.write(answer);
      else socket.destroy();
    });
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await server.stop();
  });

  /** @returns the first error of the answer, and the number of errors */
  async function failing(
    query: string,
    errors: LalamoveModuleOptions['errors'] = {},
  ): Promise<{ status: number; data: unknown; count: number; error: Record<string, unknown> }> {
    const account = { ...KEYS, baseUrl: server.url, retry: { maxAttempts: 1 }, errors };
    const host = await startHost(platform, {
      imports: [LalamoveModule.forRoot(account), GraphQLModule.forRoot(driver)],
      providers: [ShipmentResolver],
    });
    app = host.app;
    const { status, body } = await request('POST', `${host.url}/graphql`, { query });
    const listed: unknown[] = Array.isArray(body.errors) ? body.errors : [];
    return { status, data: body.data, count: listed.length, error: Object(listed[0]) as Record<string, unknown> };
  }

  it('has code, status, errors and request id', async () => {
    const errors = [{ id: 'ERR_ORDER_NOT_FOUND', message: 'Order not found.' }];
    answer = http(404, JSON.stringify({ errors, meta: { requestId: 'r-1' } }), { 'request-id': 'r-1' });
    expect(await failing('{ order }')).toMatchObject({
      status: 200,
      data: { order: null },
      count: 1,
      error: {
        path: ['order'],
        message: expect.any(String),
        extensions: {
          code: 'ERR_ORDER_NOT_FOUND',
          status: 404,
          errors: [{ code: 'ERR_ORDER_NOT_FOUND', message: 'Order not found.' }],
          requestId: 'r-1',
        },
      },
    });
  });

  it('is sent even if it lists no errors: an order of unknown outcome', async () => {
    const { data, count, error } = await failing('mutation { place }');
    expect({ data, count }).toEqual({ data: { place: null }, count: 1 });
    expect(error).toMatchObject({ extensions: { code: 'LALAMOVE_OUTCOME_UNKNOWN', status: 502, errors: [] } });
  });

  it('has the neutral body under `gateway`, as over HTTP', async () => {
    answer = http(401, '{"message":"wrong key pk_test_public"}');
    const { error, ...rest } = await failing('{ order }', { status: 'gateway' });
    expect(error).toMatchObject({
      message: 'The delivery service is not available at the moment. Please try again later.',
      extensions: { code: 'LALAMOVE_UNAVAILABLE', status: 503, errors: [] },
    });
    expect(JSON.stringify({ error, rest })).not.toMatch(/401|UNAUTHORIZED|pk_test/);
  });

  it('has the status that a function of the host returns', async () => {
    answer = http(404, '{"message":"ERR_ORDER_NOT_FOUND"}');
    const { error } = await failing('{ order }', { status: () => 410 });
    expect(error).toMatchObject({ extensions: { code: 'ERR_ORDER_NOT_FOUND', status: 410 } });
  });

  it('has the same members for a field resolver with `fieldResolverEnhancers`', async () => {
    answer = http(429, '{}', { 'retry-after': '7' });
    const { error } = await failing('{ shipment { id driver } }');
    expect(error).toMatchObject({
      path: ['shipment', 'driver'],
      extensions: { code: 'LALAMOVE_RATE_LIMITED', status: 429, retryAfterSeconds: 7 },
    });
  });
});

describe('a Lalamove exception', () => {
  it.each(['mirror', 'gateway'] as const)('has its body in `response`, like Nest’s exceptions, under %s', (policy) => {
    const exception: HttpException = createLalamoveException('LALAMOVE_UNAUTHORIZED', { policy, requestId: 'r-1' });
    const body = exception.getResponse();
    expect(Reflect.get(exception, 'response')).toBe(body);
    const status = policy === 'mirror' ? 401 : 503;
    expect(body).toMatchObject({ statusCode: status, requestId: 'r-1' });
    expect(exception.getStatus()).toBe(status);
    expect(exception.message).not.toContain('Please try again later');
  });
});
