import { phoneAddress, phoneSentence, type PhoneAddress } from '../sessions/phoneAddress';
import { qrPath, type QrPath } from './qrCode';

/** The address of a mobile app that a phone opens, ready to be shown. */
export interface PhoneCard {
  readonly url: string;
  /** Which of the addresses it is, and why. */
  readonly sentence: string;
  /** Undefined for an address that no QR code holds. */
  readonly qr: QrPath | undefined;
}

/** The card of the Expo dev server on this port; undefined while it names no address. */
export async function phoneCard(port: number): Promise<PhoneCard | undefined> {
  const address = await phoneAddress(port);
  return address && cardOf(address);
}

/** What there is to show of an address. */
export function cardOf(address: PhoneAddress): PhoneCard {
  return { url: address.url, sentence: phoneSentence(address), qr: drawing(address.url) };
}

function drawing(url: string): QrPath | undefined {
  try {
    return qrPath(url);
  } catch (error) {
    // Too long for the largest code: the address itself is still shown.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
