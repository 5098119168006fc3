//! Which distribution this is.

/// What `/etc/os-release` says, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Release {
    /// Such as `debian` or `ubuntu`.
    pub(crate) id: String,
    /// Such as `bookworm`.
    pub(crate) codename: String,
    /// Name for people.
    pub(crate) name: String,
}

impl Release {
    /// Reads the text of `/etc/os-release`.
    pub(crate) fn read(text: &str) -> Self {
        let value = |key: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.unwrap_or_default().trim_matches('"').to_owned()
        };
        Self {
            id: value("ID"),
            codename: value("VERSION_CODENAME"),
            name: value("PRETTY_NAME"),
        }
    }

    /// Whether its own QEMU is too old for x2APIC, with a newer one in the backports suite.
    pub(crate) fn needs_backports(&self) -> bool {
        self.id == "debian" && self.codename == "bookworm"
    }
}

#[cfg(test)]
mod tests {
    use super::Release;

    #[test]
    fn debian_12_is_known() {
        let text = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        let release = Release::read(text);
        assert_eq!(release.name, "Debian GNU/Linux 12 (bookworm)");
        assert!(release.needs_backports());
    }

    #[test]
    fn others_take_what_they_have() {
        assert!(!Release::read("ID=debian\nVERSION_CODENAME=trixie\n").needs_backports());
        assert!(!Release::read("ID=ubuntu\nVERSION_CODENAME=noble\n").needs_backports());
        assert!(!Release::read("").needs_backports());
    }
}
