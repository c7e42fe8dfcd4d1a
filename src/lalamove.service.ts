import type { HttpService } from '@nestjs/axios';
import { firstValueFrom } from 'rxjs';
import type { LalamoveCredentials } from './client/client-settings.js';
import { LalamoveClient } from './client/lalamove.client.js';
import { OPERATIONS } from './api/operations.js';
import type { Call } from './client/prepare-call.js';
import type { RequestOptions } from './client/request-options.js';
import { sharedParts, type SharedParts } from './client/shared-parts.js';
import type { City, WebhookRegistration } from './api/answers/city.js';
import type { CreateQuotationDto } from './api/requests/create-quotation.dto.js';
import type { Driver } from './api/answers/driver.js';
import type { EditOrderDto } from './api/requests/edit-order.dto.js';
import type { AddPriorityFeeDto, ChangeDriverDto } from './api/requests/order-change.dto.js';
import type { Order } from './api/answers/order.js';
import type { PlaceOrderDto } from './api/requests/place-order.dto.js';
import type { Quotation } from './api/answers/quotation.js';
import { withCallersFrames } from './internal/caller-frames.js';
import { isRecord } from './internal/is-record.js';
import { environmentOfKey } from './lalamove.option-checks.js';
import { assertOptions, clientSettings, type LalamoveAccountOptions } from './lalamove.options.js';

/**
 * Lalamove's API v3, with one method for each call. Inject it by its class (the default account) or with
 * `@InjectLalamove(name)`.
 *
 * Every method throws only a `LalamoveException`:
 * - `InvalidRequestException` if the input is invalid; then nothing is sent.
 * - the exception of Lalamove's error code, if Lalamove refuses the call.
 * - `LalamoveOutcomeUnknownException` if the outcome of a call that must not be repeated is unknown.
 */
export class LalamoveService {
  // A private field, so that neither `util.inspect` nor `JSON.stringify` shows the keys.
  readonly #client: LalamoveClient;
  readonly #parts: SharedParts;
  readonly #options: LalamoveAccountOptions;
  readonly #account: string | undefined;

  /**
   * Created by `LalamoveModule`.
   *
   * @param options validated options
   * @param account the name of the registration; `undefined` for the default one
   * @param parts the parts that services of the same registration share; by default new ones
   */
  constructor(http: HttpService, options: LalamoveAccountOptions, account?: string, parts?: SharedParts) {
    const settings = clientSettings(options, account);
    this.#options = options;
    this.#account = account;
    this.#parts = parts ?? sharedParts(http, settings);
    this.#client = new LalamoveClient(settings, this.#parts);
  }

  /** `POST /v3/quotations`: the price of a route, valid for 5 minutes. */
  createQuotation(input: CreateQuotationDto, options?: RequestOptions): Promise<Quotation> {
    return this.#call({ operation: OPERATIONS.createQuotation, input, options });
  }

  /** `GET /v3/quotations/:id`. */
  getQuotation(quotationId: string, options?: RequestOptions): Promise<Quotation> {
    return this.#call({ operation: OPERATIONS.getQuotation, ids: { quotationId }, options });
  }

  /**
   * `POST /v3/orders`: books a courier and spends money. It is sent once, because Lalamove has no idempotency keys: a
   * repeated call books a second courier.
   *
   * @throws LalamoveOutcomeUnknownException if it is unknown whether the order was placed; check before you try again
   */
  placeOrder(input: PlaceOrderDto, options?: RequestOptions): Promise<Order> {
    return this.#call({ operation: OPERATIONS.placeOrder, input, options });
  }

  /** `GET /v3/orders/:id`: 403 if the order is older than 60 days. */
  getOrder(orderId: string, options?: RequestOptions): Promise<Order> {
    return this.#call({ operation: OPERATIONS.getOrder, ids: { orderId }, options });
  }

  /**
   * `PATCH /v3/orders/:id`: changes the drop-offs, once per order, while it is `ON_GOING`. It can change the price.
   *
   * @throws LalamoveOutcomeUnknownException if it is unknown whether Lalamove carried it out
   */
  editOrder(orderId: string, input: EditOrderDto, options?: RequestOptions): Promise<Order> {
    return this.#call({ operation: OPERATIONS.editOrder, ids: { orderId }, input, options });
  }

  /** `DELETE /v3/orders/:id`: only until a driver is matched, or within 5 minutes after the match. */
  async cancelOrder(orderId: string, options?: RequestOptions): Promise<void> {
    await this.#call({ operation: OPERATIONS.cancelOrder, ids: { orderId }, options });
  }

  /**
   * `POST /v3/orders/:id/priority-fee`: only before a driver accepts. It replaces the last fee, must be higher, and
   * spends money.
   *
   * @throws LalamoveOutcomeUnknownException if it is unknown whether Lalamove carried it out
   */
  addPriorityFee(orderId: string, input: AddPriorityFeeDto, options?: RequestOptions): Promise<Order> {
    return this.#call({ operation: OPERATIONS.addPriorityFee, ids: { orderId }, input, options });
  }

  /** `GET /v3/orders/:id/drivers/:driverId`: from an hour before the pick-up until the completion, else 403. */
  getDriver(orderId: string, driverId: string, options?: RequestOptions): Promise<Driver> {
    return this.#call({ operation: OPERATIONS.getDriver, ids: { orderId, driverId }, options });
  }

  /**
   * `DELETE /v3/orders/:id/drivers/:driverId`: requests another driver, from 15 minutes after the match until the
   * pick-up.
   *
   * @throws LalamoveOutcomeUnknownException if it is unknown whether Lalamove carried it out
   */
  async changeDriver(
    orderId: string,
    driverId: string,
    input: ChangeDriverDto,
    options?: RequestOptions,
  ): Promise<void> {
    await this.#call({ operation: OPERATIONS.changeDriver, ids: { orderId, driverId }, input, options });
  }

  /** `GET /v3/cities`: the cities of the market with their services. */
  getCities(options?: RequestOptions): Promise<City[]> {
    return this.#call({ operation: OPERATIONS.getCities, options });
  }

  /**
   * `PATCH /v3/webhook`: registers the URL for webhooks. Lalamove probes it with an empty body and expects a 200; the
   * endpoint of `webhook: { path }` answers so. The path of the URL is stored, because webhook signatures include it.
   */
  setWebhookUrl(url: string, options?: RequestOptions): Promise<WebhookRegistration> {
    this.#parts.webhookUrlGiven?.(url);
    return this.#call({ operation: OPERATIONS.setWebhookUrl, input: { url }, options });
  }

  /**
   * Creates a service with other keys over the same connections, for example for a merchant of a marketplace. Each key
   * has its own rate limits.
   *
   * @throws LalamoveOptionsException if the credentials are invalid, or do not match the `environment` of this account
   */
  forAccount(credentials: LalamoveCredentials): LalamoveService {
    const { apiKey, apiSecret, market }: Partial<LalamoveCredentials> = isRecord(credentials) ? credentials : {};
    // Keys of the other environment would be used at its host: test keys of the app must never lead to real orders.
    const environment = this.#options.environment ?? environmentOfKey(this.#options.apiKey);
    const options: unknown = { ...this.#options, ...(environment && { environment }), apiKey, apiSecret, market };
    assertOptions(options, { account: this.#account, withRegistration: true });
    return new LalamoveService(this.#parts.http, options, this.#account, this.#parts);
  }

  async #call<Answer>(request: Call<Answer>): Promise<Answer> {
    try {
      return await firstValueFrom(this.#client.call(request));
    } catch (error) {
      throw withCallersFrames(error);
    }
  }
}
