//! Incidents and their events in the database.

use leakward_core::{Fingerprint, Severity};

use super::backend::Statement;
use super::{Database, DatabaseError, Row, Value};
use crate::incident::{Event, Incident, Sighting, State};

/// Which incidents are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Only in this state.
    pub state: Option<State>,
    /// Only of this severity.
    pub severity: Option<Severity>,
    /// Only of this owner.
    pub owner: Option<String>,
    /// At most so many; 0 for all.
    pub limit: u32,
    /// After so many.
    pub offset: u32,
}

/// How often a change is tried again when somebody else was faster.
const TRIES: u32 = 16;

const INSERT_EVENT: &str =
    "INSERT INTO incident_events (fingerprint, at, actor, kind, text) VALUES ($1, $2, $3, $4, $5)";

impl Database {
    /// Opens an incident for what was seen, or joins the one that is there; and whether it is new. Two that race for one
    /// credential get one incident.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn saw(
        &self,
        sighting: &Sighting,
        actor: &str,
        now: u64,
    ) -> Result<(Incident, bool), DatabaseError> {
        let fresh = Incident::open(sighting, now);
        let event = Event {
            fingerprint: sighting.fingerprint,
            at: now,
            actor: actor.to_owned(),
            kind: "opened".to_owned(),
            text: format!("{} of {} was found", sighting.title, sighting.provider),
        };
        let insert = (
            "INSERT INTO incidents (state, severity, rule, changed_at, due_at, revision, document, fingerprint, opened_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (fingerprint) DO NOTHING",
            self.columns(&fresh, now)?
                .into_iter()
                .chain([sighting.fingerprint.to_string().into(), now.into()])
                .collect(),
        );
        if self.together(vec![insert, insertion(&event)]).await? {
            return Ok((fresh, true));
        }
        let joined = self
            .change(sighting.fingerprint, now, |incident| {
                let is_new = incident.join(sighting, now);
                is_new.then(|| Event {
                    kind: "seen-again".to_owned(),
                    text: format!("seen again; {} places are known", incident.places.len()),
                    ..event.clone()
                })
            })
            .await?;
        Ok((joined, false))
    }

    /// The incident of this credential.
    ///
    /// # Errors
    /// [`DatabaseError::Absent`], or the database cannot be read.
    pub async fn incident(&self, fingerprint: Fingerprint) -> Result<Incident, DatabaseError> {
        let rows = self
            .rows(
                "SELECT document FROM incidents WHERE fingerprint = $1",
                vec![fingerprint.to_string().into()],
            )
            .await?;
        let row = rows.first().ok_or_else(|| DatabaseError::Absent {
            what: format!("incident {fingerprint}"),
        })?;
        self.read_incident(row)
    }

    /// Incidents, those that are due first in front.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn incidents(&self, filter: &IncidentFilter) -> Result<Vec<Incident>, DatabaseError> {
        let limit = match filter.limit {
            0 => i64::MAX,
            some => i64::from(some),
        };
        let rows = self
            .rows(
                "SELECT document FROM incidents WHERE ($1 = '' OR state = $1) AND ($2 = '' OR severity = $2) \
                 ORDER BY due_at, fingerprint LIMIT $3 OFFSET $4",
                vec![
                    filter.state.map_or("", State::as_str).into(),
                    filter.severity.map_or("", Severity::as_str).into(),
                    limit.into(),
                    u64::from(filter.offset).into(),
                ],
            )
            .await?;
        let mut incidents = Vec::new();
        for row in &rows {
            let incident = self.read_incident(row)?;
            if filter.owner.is_none() || filter.owner == incident.owner {
                incidents.push(incident);
            }
        }
        Ok(incidents)
    }

    /// Changes an incident and writes down why. `edit` returns the event, or nothing when there is nothing to change; it is
    /// called again when somebody else was faster.
    ///
    /// # Errors
    /// [`DatabaseError::Absent`], [`DatabaseError::Conflict`] when others are always faster, or the database cannot be written.
    pub async fn change(
        &self,
        fingerprint: Fingerprint,
        now: u64,
        mut edit: impl FnMut(&mut Incident) -> Option<Event>,
    ) -> Result<Incident, DatabaseError> {
        for _ in 0..TRIES {
            let mut incident = self.incident(fingerprint).await?;
            let before = incident.revision;
            let Some(event) = edit(&mut incident) else {
                return Ok(incident);
            };
            incident.revision = before + 1;
            let update = (
                "UPDATE incidents SET state = $1, severity = $2, rule = $3, changed_at = $4, due_at = $5, \
                 revision = $6, document = $7 WHERE fingerprint = $8 AND revision = $9",
                self.columns(&incident, now)?
                    .into_iter()
                    .chain([fingerprint.to_string().into(), before.into()])
                    .collect(),
            );
            if self.together(vec![update, insertion(&event)]).await? {
                return Ok(incident);
            }
        }
        Err(DatabaseError::Conflict {
            what: format!("incident {fingerprint}"),
        })
    }

    /// Writes down that something happened.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn add_event(&self, event: &Event) -> Result<(), DatabaseError> {
        self.together(vec![insertion(event)]).await.map(drop)
    }

    /// What happened to an incident, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn events(&self, fingerprint: Fingerprint) -> Result<Vec<Event>, DatabaseError> {
        let rows = self
            .rows(
                "SELECT at, actor, kind, text FROM incident_events WHERE fingerprint = $1 ORDER BY sequence",
                vec![fingerprint.to_string().into()],
            )
            .await?;
        let read = |row: &Row| {
            Ok(Event {
                fingerprint,
                at: row.number(0)?,
                actor: row.text(1)?,
                kind: row.text(2)?,
                text: row.text(3)?,
            })
        };
        let events: Result<Vec<Event>, sqlx::Error> = rows.iter().map(read).collect();
        events.map_err(|error| self.failed(&error))
    }

    fn read_incident(&self, row: &Row) -> Result<Incident, DatabaseError> {
        let document = row.text(0).map_err(|error| self.failed(&error))?;
        self.parsed(&document, "an incident")
    }

    /// The columns that change, in the order of both statements above.
    fn columns(&self, incident: &Incident, now: u64) -> Result<Vec<Value>, DatabaseError> {
        Ok(vec![
            incident.state.as_str().into(),
            incident.severity.as_str().into(),
            incident.rule.as_str().into(),
            now.into(),
            incident.due_at.into(),
            incident.revision.into(),
            self.text_of(incident, "an incident")?.into(),
        ])
    }
}

fn insertion(event: &Event) -> Statement {
    (
        INSERT_EVENT,
        vec![
            event.fingerprint.to_string().into(),
            event.at.into(),
            event.actor.as_str().into(),
            event.kind.as_str().into(),
            event.text.as_str().into(),
        ],
    )
}
