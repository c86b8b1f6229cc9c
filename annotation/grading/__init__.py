"""Is this answer right? Two verdicts, the released rules' and math-verify's, and an honest third: undecided. Pure; no database."""

from annotation.grading.equivalence import Grade, Grader, Verdict, grade

__all__ = ["Grade", "Grader", "Verdict", "grade"]
