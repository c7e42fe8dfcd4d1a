import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { asyncFormProblems, asyncOptionsProviders, type AsyncOptions } from './async-options.js';

@Injectable()
class Factory {
  create(): string {
    return 'options';
  }
}

@Module({ providers: [Factory], exports: [Factory] })
class FactoryModule {}

describe('asyncOptionsProviders', () => {
  it.each<[string, AsyncOptions<string, Factory>]>([
    ['useFactory', { useFactory: () => 'options' }],
    ['useFactory with what it injects', { inject: [Factory], useFactory: (factory: Factory) => factory.create() }],
    ['useClass', { useClass: Factory }],
    ['useExisting', { useExisting: Factory }],
  ])('checks the options that come by %s', async (_, options) => {
    const recipe = {
      provide: 'OPTIONS',
      ask: (factory: Factory) => Promise.resolve(factory.create()),
      checked: (given: unknown) => `checked ${String(given)}`,
      owner: { module: 'DeliveriesModule', account: undefined } as const,
    };
    const providers = asyncOptionsProviders(options, recipe);
    const module = await Test.createTestingModule({ imports: [FactoryModule], providers }).compile();
    expect(module.get('OPTIONS')).toBe('checked options');
  });
});

describe('asyncFormProblems', () => {
  it.each<[string, unknown, string[]]>([
    ['one form', { useExisting: Factory }, []],
    ['nothing', undefined, ['forRootAsync got no options: give it one of useFactory, useClass or useExisting.']],
    [
      'two forms',
      { useFactory: () => 'options', useClass: Factory },
      ['forRootAsync got useFactory and useClass: give it one of useFactory, useClass or useExisting.'],
    ],
  ])('knows %s', (_, options, problems) => {
    expect(asyncFormProblems(options)).toEqual(problems);
  });
});
