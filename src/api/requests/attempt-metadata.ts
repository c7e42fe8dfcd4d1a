/** The key under which `DeliveriesModule` adds the id of its attempt to the metadata of an order. */
export const ATTEMPT_KEY = 'deliveryAttempt';

/** The id of an attempt: the id of its delivery and a UUID. The first group is the delivery. */
export const ATTEMPT_ID = /^([\da-f-]{36})\.[\da-f-]{36}$/;
