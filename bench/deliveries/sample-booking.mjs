/** A booking in Hong Kong, which the sandbox accepts. */
export function bookingOf(reference) {
  return {
    reference,
    quotation: {
      serviceType: 'MOTORCYCLE',
      language: 'en_HK',
      stops: [
        { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak, Hong Kong' },
        { coordinates: { lat: '22.3080', lng: '113.9185' }, address: 'Hong Kong International Airport' },
      ],
    },
    sender: { name: 'Shop', phone: '+85221234567' },
    recipients: [{ name: 'Ada', phone: '+85251234567' }],
    metadata: { reference },
  };
}
