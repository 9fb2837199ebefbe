import { quietly } from './quietly';

/** Listens on the window; what goes wrong in the listener stays there. */
export function on<K extends keyof WindowEventMap>(
  type: K,
  listener: (event: WindowEventMap[K]) => void,
  isCapturing = false,
): void {
  window.addEventListener(type, (event) => quietly(() => listener(event)), isCapturing);
}
