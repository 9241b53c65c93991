//! CloudWatch (API 2010-08-01): `GetMetricData` of the bytes that endpoints process.
//!
//! As in AWS there are points only for times with traffic, and none for gateway endpoints ("CloudWatch
//! metrics for AWS PrivateLink").

use serde::Deserialize;
use serde_json::{Value, json};

use super::clock::Now;
use super::wire::fields::Fields;
use super::wire::refusal::Refusal;
use super::world::endpoint::{Endpoint, Kind};
use super::world::region::Region;

/// The most points of one answer.
const MOST: usize = 100_800;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Wanted {
    metric_data_queries: Vec<Query>,
    start_time: f64,
    end_time: f64,
    next_token: Option<String>,
    scan_by: Option<String>,
    max_datapoints: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Query {
    id: String,
    metric_stat: MetricStat,
    label: Option<String>,
    return_data: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MetricStat {
    metric: Metric,
    period: i64,
    stat: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Metric {
    namespace: String,
    #[serde(rename = "MetricName")]
    name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Dimension {
    name: String,
    value: String,
}

/// When, in seconds since the epoch, and how much.
type Point = (i64, f64);

/// `GetMetricData`.
pub(crate) fn get_metric_data(
    region: Option<&Region>,
    now: Now,
    page_cap: Option<usize>,
    fields: &Fields,
) -> Result<Value, Refusal> {
    let wanted: Wanted = fields.typed()?;
    let (start, end) = (seconds(wanted.start_time), seconds(wanted.end_time));
    if start >= end {
        let message = "The parameter StartTime must be less than the parameter EndTime.";
        return Err(Refusal::new("ValidationError", message));
    }
    if wanted.metric_data_queries.is_empty() || wanted.metric_data_queries.len() > 500 {
        let message = "The parameter MetricDataQueries must have between 1 and 500 items.";
        return Err(Refusal::new("ValidationError", message));
    }
    let mut found = Vec::new();
    for (index, query) in wanted.metric_data_queries.iter().enumerate() {
        // Nothing is in the future, whatever the client's clock says.
        let mut points = points(region, &query.metric_stat, start, end.min(now.sim / 1000))?;
        if wanted.scan_by.as_deref() != Some("TimestampAscending") {
            points.reverse();
        }
        if query.return_data != Some(false) {
            found.extend(points.into_iter().map(|point| (index, point)));
        }
    }
    let most = wanted.max_datapoints.unwrap_or(MOST).min(page_cap.unwrap_or(MOST)).max(1);
    let from = match &wanted.next_token {
        None => 0,
        Some(token) => token.parse().map_err(|_| {
            Refusal::new("InvalidNextToken", "The value of the parameter NextToken is invalid.")
        })?,
    };
    let next = from + most;
    let page: Vec<_> = found.iter().skip(from).take(most).collect();
    let last = next >= found.len();
    let results = wanted.metric_data_queries.iter().enumerate().map(|(index, query)| {
        let own: Vec<_> = page.iter().filter(|(held, _)| *held == index).collect();
        let metric = &query.metric_stat.metric;
        json!({
            "Id": query.id,
            "Label": query.label.as_ref().unwrap_or(&metric.name),
            "Timestamps": own.iter().map(|(_, (at, _))| *at).collect::<Vec<_>>(),
            "Values": own.iter().map(|(_, (_, value))| *value).collect::<Vec<_>>(),
            "StatusCode": if last { "Complete" } else { "PartialData" },
        })
    });
    let mut answer = json!({ "MetricDataResults": results.collect::<Vec<_>>(), "Messages": [] });
    if !last {
        answer["NextToken"] = json!(next.to_string());
    }
    Ok(answer)
}

#[expect(clippy::cast_possible_truncation, reason = "times of this age fit")]
fn seconds(time: f64) -> i64 {
    time.floor() as i64
}

/// The points of one metric between two moments.
fn points(
    region: Option<&Region>,
    asked: &MetricStat,
    start: i64,
    end: i64,
) -> Result<Vec<Point>, Refusal> {
    let MetricStat { metric, period, stat } = asked;
    if *period < 60 || period % 60 != 0 {
        let message = "The parameter Period must be a multiple of 60.";
        return Err(Refusal::new("ValidationError", message));
    }
    if metric.namespace != "AWS/PrivateLinkEndpoints" && !metric.namespace.starts_with("AWS/") {
        return Ok(Vec::new());
    }
    let known = (metric.namespace.as_str(), metric.name.as_str(), stat.as_str());
    if known != ("AWS/PrivateLinkEndpoints", "BytesProcessed", "Sum") {
        let message = format!("the sandbox has no metric {} {} {}", known.0, known.1, known.2);
        return Err(Refusal::new("InvalidParameterValue", message).unknown());
    }
    let Some(endpoint) = region.and_then(|region| endpoint_of(region, &metric.dimensions)) else {
        return Ok(Vec::new());
    };
    let rate = endpoint.bytes_per_minute;
    if rate == 0 {
        return Ok(Vec::new());
    }
    let first = start.max(endpoint.created.div_euclid(1000));
    let step = usize::try_from(*period).unwrap_or(60);
    let spans = (start - start.rem_euclid(*period)..end).step_by(step);
    let minutes = |from: i64| ((from + period).min(end) - from.max(first)).div_euclid(60);
    #[expect(clippy::cast_precision_loss, reason = "a metric's values are floating")]
    let point = |from: i64| (from, rate as f64 * minutes(from) as f64);
    Ok(spans.map(point).filter(|(_, value)| *value > 0.0).collect())
}

/// The endpoint that exactly these dimensions name. The set with a subnet is not kept here.
fn endpoint_of<'a>(region: &'a Region, dimensions: &[Dimension]) -> Option<&'a Endpoint> {
    let value = |name: &str| {
        let found = dimensions.iter().find(|dimension| dimension.name == name);
        found.map(|dimension| dimension.value.as_str())
    };
    let endpoint = region.endpoints.get(value("VPC Endpoint Id")?)?;
    let named = dimensions.len() == 4
        && endpoint.kind != Kind::Gateway
        && value("Endpoint Type")? == endpoint.kind.to_string()
        && value("Service Name")? == endpoint.service
        && value("VPC Id")? == endpoint.vpc;
    named.then_some(endpoint)
}
