//! Names that are credentials themselves: of branches, tags, files and folders.

use leakward_tests::{Credential, Place, Repository};

use crate::findings_of;

fn repository() -> Repository {
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository
}

#[test]
fn the_name_of_a_branch() {
    let credential = Credential::named("branch name");
    let repository = repository();
    let name = format!("deploy/{credential}");
    repository.git(&["branch", &name]);
    findings_of(&repository).expect(
        &credential,
        &Place::kind("ref")
            .path(&format!("refs/heads/{name}"))
            .line(1),
    );
}

#[test]
fn the_name_of_a_tag() {
    let credential = Credential::named("tag name");
    let repository = repository();
    repository.git(&["tag", credential.text()]);
    findings_of(&repository).expect(
        &credential,
        &Place::kind("ref")
            .path(&format!("refs/tags/{credential}"))
            .line(1),
    );
}

#[test]
fn the_name_of_a_packed_ref() {
    let credential = Credential::named("packed ref name");
    let repository = repository();
    repository.git(&["branch", credential.text()]);
    repository.git(&["pack-refs", "--all"]);
    findings_of(&repository).expect(
        &credential,
        &Place::kind("ref").path(&format!("refs/heads/{credential}")),
    );
}
