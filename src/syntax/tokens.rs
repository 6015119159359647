//! The tokens of a text, in parts: all tokens of a large file at once would be six times its size.

use toml_parser::Source;
use toml_parser::lexer::{Lexer, Token, TokenKind};

/// How many tokens a part has at least, so that it stays in the cache of a core.
const PART: usize = 1024;

/// Hands all tokens of a text to `take`, part after part. Each but the last ends with a line after which a header begins, outside of all brackets: there the parser forgets what was before.
pub(super) fn in_parts(text: Source<'_>, mut take: impl FnMut(&[Token])) {
    let mut parts = Parts::new(text.lex());
    // All parts lie in the same room, which stays in the cache of a core.
    let mut part = Vec::with_capacity(PART + PART / 4);
    while parts.next(&mut part) {
        take(&part);
    }
}

struct Parts<'s> {
    tokens: Lexer<'s>,
    /// The first token of the next part.
    first: Option<Token>,
    /// The brackets that are open.
    open: Vec<TokenKind>,
    /// True when a bracket closed that was not open, so that nobody knows any more what is outside.
    lost: bool,
}

impl<'s> Parts<'s> {
    fn new(tokens: Lexer<'s>) -> Self {
        Self {
            tokens,
            first: None,
            open: Vec::new(),
            lost: false,
        }
    }

    fn see(&mut self, kind: TokenKind) {
        let close = match kind {
            TokenKind::LeftSquareBracket => return self.open.push(TokenKind::RightSquareBracket),
            TokenKind::LeftCurlyBracket => return self.open.push(TokenKind::RightCurlyBracket),
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => kind,
            _ => return,
        };
        if self.open.pop() != Some(close) {
            self.lost = true;
        }
    }

    /// Puts the tokens of the next part into `part`; false when there is none.
    fn next(&mut self, part: &mut Vec<Token>) -> bool {
        part.clear();
        part.extend(self.first.take());
        while let Some(token) = self.tokens.next() {
            let kind = token.kind();
            if part.len() >= PART
                && kind == TokenKind::LeftSquareBracket
                && part.last().map(Token::kind) == Some(TokenKind::Newline)
                && self.open.is_empty()
                && !self.lost
            {
                self.first = Some(token);
                self.see(kind);
                return true;
            }
            self.see(kind);
            part.push(token);
        }
        !part.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<Vec<Token>> {
        let input = Source::new(text);
        let mut parts = Vec::new();
        in_parts(input, |part| parts.push(part.to_vec()));
        assert_eq!(parts.concat(), input.lex().into_vec());
        parts
    }

    fn tables(count: usize) -> String {
        let tables: Vec<_> = (0..count)
            .map(|at| format!("[a.b{at}]\nx = [\n[1], [2]\n]\n"))
            .collect();
        tables.concat()
    }

    #[test]
    fn a_part_ends_before_a_header() {
        let parts = parts(&tables(1000));
        assert!(parts.len() > 3);
        for part in &parts[1..] {
            let kinds: Vec<_> = part[..2].iter().map(Token::kind).collect();
            assert_eq!(kinds, [TokenKind::LeftSquareBracket, TokenKind::Atom]);
        }
    }

    #[test]
    fn after_a_wrong_bracket_there_is_one_part() {
        for wrong in ["x = [1\n", "x = 1]\n", "x = [1}\n", "[a\n"] {
            assert_eq!(
                parts(&format!("{wrong}{}", tables(1000))).len(),
                1,
                "{wrong}"
            );
        }
    }
}
