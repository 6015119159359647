//! The pages as Markdown, for the repository, for review and for agents.

use super::pages::{self, Book};
use super::{Artifact, Artifacts, Emit, EmitError, Emitter};

pub(super) static EMITTER: Emitter = Emitter {
    name: "docs",
    summary: "topology, dossier, integrations, handles, ports and a page for each host and service, as Markdown",
    emit: Emit::Book(emit),
};

#[expect(
    clippy::unnecessary_wraps,
    reason = "every emitter may fail, and this one never does"
)]
fn emit(book: &Book, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    artifacts.add_all(pages::pages(book, |page| {
        let artifact = Artifact::new(["docs/", &page.path].concat(), page.text);
        // On the core that has just made the text.
        artifact.sha256();
        artifact
    }));
    Ok(())
}
