import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LalamoveModule, lalamoveOptionsFromEnv, LalamoveService } from 'nestjs-lalamove';

@Module({ imports: [LalamoveModule.forRootAsync({ useFactory: () => lalamoveOptionsFromEnv() })] })
export class CommandModule {}

/** A command, a cron job or a function: no server, only providers. */
export async function listServices(module: Type = CommandModule): Promise<string[]> {
  const app = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
  try {
    const cities = await app.get(LalamoveService).getCities();
    return cities.flatMap(({ locode, services }) => services.map(({ key }) => `${locode} ${key}`));
  } finally {
    await app.close(); // closes the connections, so that the process can end
  }
}
