/** The phone card as the window loads it: in the editor's language, which a test has none of. */
import './editorLanguage';

export { phoneCard } from './phoneCard';
