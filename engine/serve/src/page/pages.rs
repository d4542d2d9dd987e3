//! The templates, and how a page is made of one.

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, Value, context};

use crate::login::{Person, Proof};

/// The templates.
pub(crate) struct Pages(Environment<'static>);

/// Every template by its name.
const TEMPLATES: [(&str, &str); 8] = [
    ("frame.html", include_str!("templates/frame.html")),
    ("list.html", include_str!("templates/list.html")),
    ("incident.html", include_str!("templates/incident.html")),
    ("inventory.html", include_str!("templates/inventory.html")),
    ("charts.html", include_str!("templates/charts.html")),
    ("deliveries.html", include_str!("templates/deliveries.html")),
    ("login.html", include_str!("templates/login.html")),
    ("problem.html", include_str!("templates/problem.html")),
];

impl Pages {
    /// Reads the templates.
    ///
    /// # Errors
    /// One is not understood: a mistake in the program, told at the start.
    pub(crate) fn new() -> Result<Self, String> {
        let mut environment = Environment::new();
        environment.add_filter("short", |text: String| {
            text.chars().take(10).collect::<String>()
        });
        environment.add_filter("day", |text: String| {
            text.replace('T', " ").trim_end_matches('Z').to_owned()
        });
        environment.add_filter("lasting", |seconds: u64| lasting(seconds));
        environment.add_filter("cut", |text: String| {
            text.chars().take(36).collect::<String>()
        });
        environment.add_filter("encoded", |text: String| {
            percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        });
        environment.add_filter("words", |text: String| text.replace('-', " "));
        for (name, text) in TEMPLATES {
            environment
                .add_template(name, text)
                .map_err(|error| format!("{name}: {error:#}"))?;
        }
        Ok(Self(environment))
    }

    /// A page for somebody.
    pub(crate) fn show(&self, name: &str, person: Option<&Person>, values: Value) -> Response {
        self.show_as(StatusCode::OK, name, person, values)
    }

    /// A page with another status.
    pub(crate) fn show_as(
        &self,
        status: StatusCode,
        name: &str,
        person: Option<&Person>,
        values: Value,
    ) -> Response {
        let form_token = match person.map(|person| &person.proof) {
            Some(Proof::Session { form_token }) => form_token.clone(),
            _ => String::new(),
        };
        let whole = context! {
            person => person.map(|person| context! { name => person.name.clone(), role => person.role.as_str() }),
            form_token,
            ..values
        };
        match self
            .0
            .get_template(name)
            .and_then(|template| template.render(whole))
        {
            Ok(text) => (status, [(header::VARY, "Cookie")], Html(text)).into_response(),
            Err(error) => {
                tracing::error!(page = name, %error, "a page could not be made");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// A time in the largest unit that says something.
pub(super) fn lasting(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_understood_and_escapes_what_is_foreign() {
        let pages = Pages::new().unwrap();
        let template = pages.0.get_template("problem.html").unwrap();
        let text = template
            .render(context! { title => "<script>", detail => "\"><b>" })
            .unwrap();
        assert!(
            !text.contains("<b>") && text.contains("&lt;script&gt;"),
            "{text}"
        );
    }

    #[test]
    fn times_are_written_in_their_unit() {
        for (seconds, text) in [
            (5, "5 s"),
            (300, "5 min"),
            (7_200, "2 h"),
            (200_000, "2 days"),
        ] {
            assert_eq!(lasting(seconds), text);
        }
    }
}
