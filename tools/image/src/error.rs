//! Why an image cannot be packed.

use core::fmt;
use std::io;

/// A reason why a member cannot be part of a boot image.
#[derive(Debug)]
pub enum PackError {
    /// The name is empty, too long for a ustar header, or has characters that the manifest cannot carry.
    Name(String),
    /// Two members would have the same name.
    Duplicate(String),
    /// The member has no content.
    Empty(String),
    /// The archive could not be written.
    Archive(io::Error),
}

impl fmt::Display for PackError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                out,
                "`{name}` cannot be a module name: use 1 to 99 printable ASCII characters without spaces or `/`; rename the file"
            ),
            Self::Duplicate(name) => {
                write!(
                    out,
                    "the boot image already has a member `{name}`: names must differ; rename one of the files"
                )
            }
            Self::Empty(name) => write!(
                out,
                "the file for `{name}` is empty: build it again, or leave it out"
            ),
            Self::Archive(error) => write!(out, "the archive cannot be written: {error}"),
        }
    }
}

impl std::error::Error for PackError {}
