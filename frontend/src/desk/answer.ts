// How a step states the final answer: PRM800K's mark, kept byte for byte in the text.

export const ANSWER_MARK = "\n\n# Answer\n\n";

/** Whether the last step states `answer` itself, so that it need not be said once more below. */
export function saysIt(step: string, answer: string): boolean {
  const at = step.indexOf(ANSWER_MARK);
  return at >= 0 && step.slice(at + ANSWER_MARK.length).trim() === answer.trim();
}

export function statesAnswer(text: string): boolean {
  return /(?:^|\n\n)# Answer\n\n[^\n]/.test(text);
}
