//! What the plugin is told when it is loaded.

use std::ops::Range;

/// The arguments.
#[derive(Debug, Eq, PartialEq)]
pub struct Arguments {
    /// Where the lines go.
    pub out: String,
    /// The kernel's code that users run.
    pub stubs: Range<u64>,
    /// Whether the cache lines that the kernel touches are wanted.
    pub lines: bool,
}

impl Arguments {
    /// Reads them.
    ///
    /// # Errors
    /// The first that is unknown or has a wrong value, or that `out` is missing; that it fits, for `probe=on`.
    pub fn read<'a>(arguments: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let (mut out, mut stubs, mut lines) = (None, 0..0, false);
        for argument in arguments {
            let wrong = || format!("`{argument}` is not understood");
            match argument.split_once('=') {
                Some(("out", path)) => out = Some(path.to_owned()),
                Some(("stubs", range)) => stubs = hexadecimal(range).ok_or_else(wrong)?,
                Some(("lines", "on")) => lines = true,
                Some(("probe", "on")) => return Err("it fits".into()),
                _ => return Err(wrong()),
            }
        }
        let out = out.ok_or("out=FILE is missing")?;
        Ok(Self { out, stubs, lines })
    }
}

fn hexadecimal(range: &str) -> Option<Range<u64>> {
    let (from, to) = range.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some(number(from)?..number(to)?)
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    fn read(text: &str) -> Result<Arguments, String> {
        Arguments::read(text.split_whitespace())
    }

    #[test]
    fn all_are_read() {
        let expected = Arguments {
            out: "a=b".into(),
            stubs: 0xFFFF_FFFF_C080_0000..0xFFFF_FFFF_C080_1000,
            lines: true,
        };
        let text = "out=a=b stubs=ffffffffc0800000-ffffffffc0801000 lines=on";
        assert_eq!(read(text), Ok(expected));
        let least = read("out=a").expect("only the file is needed");
        assert!(!least.lines && least.stubs.is_empty());
    }

    #[test]
    fn wrong_ones_are_refused() {
        for text in [
            "",
            "out",
            "out=a line=on",
            "out=a lines=off",
            "out=a stubs=1",
            "out=a stubs=x-1",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
