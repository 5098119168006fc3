//! Is a tar file safe to hand to the parser?

const BLOCK: usize = 512;
const SIZE: core::ops::Range<usize> = 124..136;
const SUM: core::ops::Range<usize> = 148..156;
const KIND: usize = 156;

/// How many files the archive has, if it consists of intact headers of plain files, each with its content, and two blocks of zeros at the end.
pub(super) fn count_files(archive: &[u8]) -> Option<usize> {
    let mut at = 0usize;
    let mut files = 0;
    while let Some(header) = archive.get(at..).and_then(|rest| rest.get(..BLOCK)) {
        if is_zero(header) {
            let last = archive.get(at + BLOCK..).and_then(|rest| rest.get(..BLOCK));
            return last.is_some_and(is_zero).then_some(files);
        }
        match content_size(header) {
            Some(size) if is_plain(header) => {
                at = at
                    .saturating_add(BLOCK)
                    .saturating_add(size.next_multiple_of(BLOCK))
            }
            _ => return None,
        }
        files += 1;
    }
    None
}

fn is_zero(block: &[u8]) -> bool {
    block.iter().all(|byte| *byte == 0)
}

fn content_size(header: &[u8]) -> Option<usize> {
    octal(&header[SIZE])
}

/// A regular file with the right header sum: all bytes added, those of the sum itself taken as spaces.
fn is_plain(header: &[u8]) -> bool {
    let all: usize = header.iter().map(|byte| usize::from(*byte)).sum();
    let own: usize = header[SUM].iter().map(|byte| usize::from(*byte)).sum();
    let spaces = SUM.len() * usize::from(b' ');
    matches!(header[KIND], b'0' | 0) && octal(&header[SUM]) == Some(all - own + spaces)
}

/// An octal number that ends with a zero byte, a space, or the field.
fn octal(field: &[u8]) -> Option<usize> {
    let digits = field
        .split(|byte| matches!(byte, 0 | b' '))
        .next()
        .filter(|digits| !digits.is_empty())?;
    digits.iter().try_fold(0, |value, digit| {
        matches!(digit, b'0'..=b'7').then(|| value * 8 + usize::from(digit - b'0'))
    })
}
