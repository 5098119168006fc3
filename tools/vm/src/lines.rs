//! Lines out of a stream of bytes.

/// Collects bytes until a line is complete.
#[derive(Debug, Default)]
pub struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Takes bytes and gives the lines that they complete, without their ends.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut complete = Vec::new();
        for &byte in bytes {
            match byte {
                b'\n' => complete.extend(self.flush().or_else(|| Some(String::new()))),
                b'\r' => {}
                byte => self.rest.push(byte),
            }
        }
        complete
    }

    /// What was said since the last line end, if anything.
    pub fn flush(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.rest);
        (!rest.is_empty()).then(|| String::from_utf8_lossy(&rest).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn lines_survive_any_cut() {
        let mut lines = Lines::default();
        assert!(lines.take(b"[bo").is_empty());
        assert_eq!(lines.take(b"ot] a\r\n\nb"), ["[boot] a", ""]);
        assert_eq!(lines.flush().as_deref(), Some("b"));
        assert_eq!(lines.flush(), None);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_stop_it() {
        assert_eq!(Lines::default().take(b"\xff!\n"), ["\u{fffd}!"]);
    }
}
