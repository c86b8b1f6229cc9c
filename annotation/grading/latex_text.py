r"""LaTeX answers as plain text, as the released rules need it: `\frac{a}{b}` is a/b, `\sqrt{x}` is √(x), unknown commands vanish."""

import re

DEEPEST = 60  # groups within groups

_TOKEN = re.compile(r"\\[A-Za-z]++\*?[ \t\n]*+|\\.|[{}]|[^\\{}]|\\", re.DOTALL)
_SYMBOLS = {
    "pi": "π", "infty": "∞", "cup": "∪", "cap": "∩", "cdot": "·", "times": "×", "div": "÷", "pm": "±", "mp": "∓", "le": "≤", "leq": "≤",
    "ge": "≥", "geq": "≥", "neq": "≠", "in": "∈", "emptyset": "∅", "to": "→", "angle": "∠", "circ": "∘",
    "ldots": "…", "dots": "…", "cdots": "⋯", "mid": "|", "vert": "|", "lvert": "|", "rvert": "|", "alpha": "α", "beta": "β", "gamma": "γ",
    "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Delta": "Δ", "Omega": "Ω",
    "sin": "sin", "cos": "cos", "tan": "tan", "log": "log", "ln": "ln", "exp": "exp",
    "arcsin": "arcsin", "arccos": "arccos", "arctan": "arctan", "max": "max", "min": "min", "sinh": "sinh", "cosh": "cosh",
    "tanh": "tanh", "lim": "lim", "quad": " ", "qquad": "  ", "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈",
    "rceil": "⌉", "prime": "'", "sim": "∼", "approx": "≈", "equiv": "≡", "setminus": "∖", "leqslant": "⩽", "geqslant": "⩾", "ell": "ℓ",
    "partial": "∂", "sum": "∑", "int": "∫", "prod": "∏", "forall": "∀", "exists": "∃", "subset": "⊂", "subseteq": "⊆", "perp": "⊥",
    "parallel": "∥", "star": "⋆", "ast": "∗", "bullet": "∙", "oplus": "⊕", "otimes": "⊗", "cong": "≅", "propto": "∝", "rightarrow": "→",
    "Rightarrow": "⇒", "varnothing": "∅", "backslash": "\\", "uparrow": "↑", "Gamma": "Γ", "Lambda": "Λ", "Sigma": "Σ", "Phi": "Φ",
    "Psi": "Ψ", "Theta": "Θ", "Pi": "Π", "Xi": "Ξ", "kappa": "κ", "iota": "ι", "upsilon": "υ", "vartheta": "ϑ", "varpi": "ϖ",
    "wedge": "∧", "vee": "∨",
}  # fmt: skip
_BLACKBOARD = {"C": "ℂ", "N": "ℕ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"}
_CHARACTERS = {"|": "", ",": " ", ";": " ", ":": " ", " ": " ", "!": "", "\\": "\n", "~": " "}


class TooDeep(ValueError):
    """More groups within groups than any answer has."""


def latex_to_text(latex: str) -> str:
    """The text of an answer. Linear in its length. Raises `TooDeep`."""
    reader = _Reader(_TOKEN.findall(latex))
    pieces: list[str] = []
    while not reader.ended:
        pieces.append(reader.piece(0))
    return "".join(pieces)


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.matrices = 0  # begun and not yet ended

    @property
    def ended(self) -> bool:
        return self.at >= len(self.tokens)

    def piece(self, depth: int) -> str:
        """The text of the next token, with the arguments that belong to it."""
        if depth > DEEPEST:
            raise TooDeep
        if self.ended:
            return ""
        piece = self.tokens[self.at]
        self.at += 1
        if piece == "{":
            return self._group(depth)
        if piece == "}":
            return ""
        if not piece.startswith("\\"):
            return " " if piece == "~" or (piece == "&" and self.matrices) else piece
        return self._command(piece[1:].rstrip(" \t\n").rstrip("*"), depth)

    def _group(self, depth: int) -> str:
        pieces: list[str] = []
        while not self.ended and self.tokens[self.at] != "}":
            pieces.append(self.piece(depth + 1))
        self.at += 1
        return "".join(pieces)

    def _command(self, name: str, depth: int) -> str:
        if name == "frac":
            top = self._argument(depth)
            return f"{top}/{self._argument(depth)}"
        if name == "sqrt":
            self._optional()
            return f"√({self._argument(depth)})"
        if name == "mathbb":
            letter = self._argument(depth)
            return _BLACKBOARD.get(letter, letter)
        if name == "mbox":
            self._argument(depth)
            return ""
        if name in ("begin", "end"):
            return self._environment(name, self._argument(depth))
        if name.isalpha():
            return _SYMBOLS.get(name, "")
        if name == "\\" and self.matrices:
            return ";"
        return _CHARACTERS.get(name, name)

    def _environment(self, name: str, kind: str) -> str:
        """A matrix is written [a b;c d]; other environments leave no trace."""
        if not kind.endswith("matrix"):
            return ""
        self.matrices += 1 if name == "begin" else -1
        return "[" if name == "begin" else "]"

    def _argument(self, depth: int) -> str:
        while not self.ended and self.tokens[self.at] in (" ", "\n", "\t"):
            self.at += 1
        return self.piece(depth + 1)

    def _optional(self) -> None:
        """Passes over `[3]`: the released rules drop the index of a root."""
        if not self.ended and self.tokens[self.at] == "[" and "]" in self.tokens[self.at : self.at + 20]:
            self.at = self.tokens.index("]", self.at) + 1
