"""Problems of our own with solutions written by hand: real mathematics in LaTeX, and the first wrong step of each wrong one known."""

from activelearning.domains.handwritten import algebra, analysis, counting, geometry, inequalities, matrices, numbers
from activelearning.domains.handwritten.worked import Attempt, Problem

PROBLEMS: tuple[Problem, ...] = (
    *algebra.PROBLEMS,
    *numbers.PROBLEMS,
    *inequalities.PROBLEMS,
    *geometry.PROBLEMS,
    *counting.PROBLEMS,
    *analysis.PROBLEMS,
    *matrices.PROBLEMS,
)

__all__ = ["PROBLEMS", "Attempt", "Problem"]
