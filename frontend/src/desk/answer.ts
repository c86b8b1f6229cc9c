// How a step states the final answer: PRM800K's mark, kept byte for byte in the text.

export const ANSWER_MARK = "\n\n# Answer\n\n";

export function statesAnswer(text: string): boolean {
  return /(?:^|\n\n)# Answer\n\n[^\n]/.test(text);
}
