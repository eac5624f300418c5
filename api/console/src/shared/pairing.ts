/** Where telephones send their positions, of the service's address. */
export const TRACKER_PATH = "/track/osmand";

/**
 * What Traccar Client reads from a QR code to set itself up: the address of the service with its settings behind it. An
 * ambulance's position every five seconds while it drives, every minute while it stands, kept through gaps.
 * Parameters as in the app's source (lib/configuration_service.dart); seconds and metres.
 */
export function pairing(origin: string, device: string): string {
  const settings = new URLSearchParams({ id: device, accuracy: "highest", interval: "5", distance: "0", angle: "30", heartbeat: "60", buffer: "true", wakelock: "true" });
  return `${origin}${TRACKER_PATH}?${settings.toString()}`;
}
