import { readFile } from 'node:fs/promises';
import { Module } from '@nestjs/common';
import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';

@Module({
  imports: [
    LalamoveModule.forRootAsync({
      useFactory: async () => {
        const file = process.env.LALAMOVE_API_SECRET_FILE ?? '/run/secrets/lalamove';
        return lalamoveOptionsFromEnv({ ...process.env, LALAMOVE_API_SECRET: await readFile(file, 'utf8') });
      },
    }),
  ],
})
export class AppModule {}
