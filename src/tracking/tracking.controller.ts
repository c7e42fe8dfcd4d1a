import { Controller, Get, Inject, Req, Res, VERSION_NEUTRAL, type Type } from '@nestjs/common';
import { NotInOpenApi } from '../pages/page-route.js';
import type { TrackingRouteOptions } from './tracking.options.js';
import { TrackingServer } from './tracking-server.js';

/**
 * Creates the controller of one registration. It answers through the raw response, so that interceptors, pipes and
 * filters of the host do not change what the page gets. Guards of the host apply.
 */
export function trackingController({ path, decorators = [] }: TrackingRouteOptions): Type {
  @Controller({ path, version: VERSION_NEUTRAL })
  @NotInOpenApi()
  class DeliveriesTrackingController {
    constructor(@Inject(TrackingServer) private readonly server: TrackingServer) {}

    /** The files of the page. */
    @Get('files/:name')
    file(@Req() request: unknown, @Res() reply: unknown): Promise<void> {
      return this.server.serve('file', request, reply);
    }

    /** The page. */
    @Get(':link')
    page(@Req() request: unknown, @Res() reply: unknown): Promise<void> {
      return this.server.serve('page', request, reply);
    }

    /** The stream of what changes. */
    @Get(':link/live')
    live(@Req() request: unknown, @Res() reply: unknown): Promise<void> {
      return this.server.serve('live', request, reply);
    }

    /** The picture of the proof of delivery. */
    @Get(':link/proof')
    proof(@Req() request: unknown, @Res() reply: unknown): Promise<void> {
      return this.server.serve('proof', request, reply);
    }

    /** The driver's photo. */
    @Get(':link/photo')
    photo(@Req() request: unknown, @Res() reply: unknown): Promise<void> {
      return this.server.serve('photo', request, reply);
    }
  }
  for (const decorator of decorators) decorator(DeliveriesTrackingController);
  return DeliveriesTrackingController;
}
