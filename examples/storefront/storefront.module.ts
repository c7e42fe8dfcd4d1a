import { Module, type DynamicModule } from '@nestjs/common';
import { LalamoveModule, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { StorefrontController } from './storefront.controller.js';

@Module({})
export class StorefrontModule {
  static forRoot(lalamove: LalamoveModuleOptions): DynamicModule {
    return {
      module: StorefrontModule,
      imports: [LalamoveModule.forRoot(lalamove)],
      controllers: [StorefrontController],
    };
  }
}
