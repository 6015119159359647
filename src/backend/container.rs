//! What is known about the image of a program: what it runs, where it reads files and keeps data, and what in it can ask whether it is well.

use super::Word;

/// How a program runs as a container, unless the owner says otherwise.
#[derive(Debug)]
pub struct Container {
    /// The image that this is known of, without a tag: which one runs is the owner's word.
    pub image: &'static str,
    /// The port it listens on inside, where that is fixed; else it is the service's own.
    pub port: Option<u16>,
    /// Whether its ports are open on the host.
    pub publish: bool,
    /// What is handed to the image's entry point; empty for what the image says itself.
    pub command: &'static [Word],
    /// Where it reads the files that we write, by their names among [`super::Kind::configs`].
    pub configs: &'static [(&'static str, &'static str)],
    /// Where it keeps its data.
    pub data: Option<&'static str>,
    /// What in the image can ask whether it is well.
    pub asker: Asker,
}

/// What in an image can ask whether the program is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// Nothing that we know of.
    Nothing,
    /// Python, which asks its health path.
    Python,
    /// `wget`, which asks its health path.
    Wget,
    /// `curl`, which asks its health path.
    Curl,
    /// A program of its own, with its arguments.
    Program(&'static [&'static str]),
    /// A line for the image's shell, which sees the environment.
    Shell(&'static str),
}
