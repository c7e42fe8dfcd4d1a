import { Controller, Get, Inject, Post, Req, Res, UseGuards, VERSION_NEUTRAL, type Type } from '@nestjs/common';
import { NotInOpenApi } from '../pages/page-route.js';
import { BoardServer } from './board-server.js';
import type { BoardRouteOptions } from './board.options.js';

/**
 * Creates the controller of one registration. Every route is behind the guard. It answers through the raw response, so
 * that interceptors, pipes and filters of the host do not change what the page gets.
 */
export function boardController({ path, guard, decorators = [] }: BoardRouteOptions): Type {
  @Controller({ path, version: VERSION_NEUTRAL })
  @UseGuards(...[guard].flat())
  @NotInOpenApi()
  class DeliveriesBoardController {
    constructor(@Inject(BoardServer) private readonly server: BoardServer) {}

    /** The page. */
    @Get()
    page(@Req() request: never, @Res() reply: unknown): Promise<void> {
      return this.server.serve('page', request, reply);
    }

    /** The files of the page. */
    @Get('files/:name')
    file(@Req() request: never, @Res() reply: unknown): Promise<void> {
      return this.server.serve('file', request, reply);
    }

    /** What the page shows, by the name of the data. */
    @Get('data/:name')
    data(@Req() request: never, @Res() reply: unknown): Promise<void> {
      return this.server.serve('data', request, reply);
    }

    /** What an operator does, by the name of the action. */
    @Post('actions/:name')
    action(@Req() request: never, @Res() reply: unknown): Promise<void> {
      return this.server.serve('action', request, reply);
    }
  }
  for (const decorator of decorators) decorator(DeliveriesBoardController);
  return DeliveriesBoardController;
}
