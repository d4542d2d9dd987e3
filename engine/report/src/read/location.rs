//! One place, read.

use leakward_core::span::{Position, TextRange};
use leakward_core::{CompanionPlace, ImagePlace, LayerState, Location, LocationKind};
use serde::Deserialize;

use super::{Wrong, word};

#[derive(Deserialize)]
pub(super) struct LocationRead {
    kind: String,
    path: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    commit: Option<String>,
    blob: Option<String>,
    reachable: Option<bool>,
    in_head: Option<bool>,
    #[serde(default)]
    refs: Vec<String>,
    author: Option<String>,
    email: Option<String>,
    date: Option<String>,
    subject: Option<String>,
    #[serde(default)]
    decoded: Vec<String>,
    image: Option<String>,
    manifest: Option<String>,
    platform: Option<String>,
    layer: Option<String>,
    layer_index: Option<u32>,
    created_by: Option<String>,
    state: Option<String>,
    #[serde(default)]
    companions: Vec<CompanionRead>,
}

#[derive(Deserialize)]
struct CompanionRead {
    name: String,
    path: Option<String>,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl CompanionRead {
    fn into_place(self) -> CompanionPlace {
        CompanionPlace {
            name: self.name,
            path: self.path,
            range: range((self.line, self.column), (self.end_line, self.end_column)),
        }
    }
}

fn range(start: (u32, u32), end: (u32, u32)) -> TextRange {
    let position = |(line, column)| Position { line, column };
    TextRange {
        start: position(start),
        end: position(end),
    }
}

impl LocationRead {
    pub(super) fn into_location(self) -> Result<Location, Wrong> {
        let kind = word(
            "locations.kind",
            &self.kind,
            &LocationKind::ALL,
            LocationKind::as_str,
        )?;
        let state = self
            .state
            .as_deref()
            .map(|state| {
                word(
                    "locations.state",
                    state,
                    &LayerState::ALL,
                    LayerState::as_str,
                )
            })
            .transpose()?;
        let range = range((self.line, self.column), (self.end_line, self.end_column));
        let (manifest, platform, layer) = (self.manifest, self.platform, self.layer);
        let (layer_index, created_by) = (self.layer_index, self.created_by);
        let image = self.image.map(|image| ImagePlace {
            image,
            manifest,
            platform,
            layer,
            layer_index,
            created_by,
            state,
        });
        Ok(Location {
            commit: self.commit,
            blob: self.blob,
            reachable: self.reachable,
            in_head: self.in_head,
            refs: self.refs,
            author: self.author,
            email: self.email,
            date: self.date,
            subject: self.subject,
            decoded: self.decoded,
            image,
            companions: self
                .companions
                .into_iter()
                .map(CompanionRead::into_place)
                .collect(),
            ..Location::new(kind, self.path, range)
        })
    }
}
