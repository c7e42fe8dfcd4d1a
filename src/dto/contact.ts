/** Phone numbers are sent in E.164; Lalamove checks further, by market. */
export const E164 = /^\+[1-9]\d{1,14}$/;
export const E164_MESSAGE = 'phone must be in E.164 form, such as +85290000000';

/** How many characters the remarks for a driver may have. */
export const LONGEST_REMARKS = 1500;
