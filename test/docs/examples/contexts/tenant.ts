import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { LalamoveService, type LalamoveCredentials } from 'nestjs-lalamove';

/** A request of your app, to which a middleware or a guard has added the tenant's keys. */
interface TenantRequest {
  readonly tenant: LalamoveCredentials;
}

@Injectable({ scope: Scope.REQUEST })
export class TenantCouriers {
  readonly lalamove: LalamoveService;

  constructor(lalamove: LalamoveService, @Inject(REQUEST) request: TenantRequest) {
    this.lalamove = lalamove.forAccount(request.tenant);
  }
}
