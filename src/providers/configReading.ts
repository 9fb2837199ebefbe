/** What reads a `cheatcode.json`, in the editor's language: a bundle of its own, loaded where there is such a file. */
import './editorLanguage';

export { configReader } from '../sessions/configReader';
