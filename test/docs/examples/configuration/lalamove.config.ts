// lalamove.config.ts
import { registerAs } from '@nestjs/config';
import { lalamoveOptionsFromEnv, type LalamoveModuleOptions } from 'nestjs-lalamove';

export const lalamoveConfig = registerAs('lalamove', (): LalamoveModuleOptions => ({
  ...lalamoveOptionsFromEnv(),
  timeoutMs: 5000,
}));
