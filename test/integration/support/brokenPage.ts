/** A page of the sample app in which line 8 is what the compiler does not expect. */
export const BROKEN_PAGE = `import { Counter } from './counter';

export default function Page() {
  return (
    <main>
      <Counter />
    </main
  );
}
`;
