//! What endpoints carry, as CloudWatch counts it
//! (<https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-cloudwatch-metrics.html>).

use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use aws_smithy_async::time::SharedTimeSource;
use jiff::Timestamp;

use super::error;
use crate::ids::{EndpointId, ServiceName, VpcId};
use crate::model::endpoint::EndpointKind;
use crate::model::failure::Failure;

const NAMESPACE: &str = "AWS/PrivateLinkEndpoints";
const METRIC: &str = "BytesProcessed";

/// The width of one point, in seconds. Points of an hour are kept the longest: 455 days.
const HOUR: i32 = 3600;

/// `AWS/PrivateLinkEndpoints` of one account in one region.
#[derive(Debug)]
pub struct Traffic {
    client: Client,
    clock: SharedTimeSource,
}

impl Traffic {
    pub(super) fn new(client: Client, clock: SharedTimeSource) -> Self {
        Self { client, clock }
    }

    /// Bytes that went through an endpoint since a moment, to the hour. `None` where AWS publishes no such
    /// metric: gateway endpoints have none, and nothing can be concluded. Zero is as good as AWS's word:
    /// points are published only while there is traffic.
    pub async fn bytes(
        &self,
        endpoint: &EndpointId,
        service: &ServiceName,
        vpc: &VpcId,
        kind: &EndpointKind,
        since: Timestamp,
    ) -> Result<Option<u64>, Failure> {
        if !matches!(kind, EndpointKind::Interface | EndpointKind::GatewayLoadBalancer) {
            return Ok(None);
        }
        let now = DateTime::from(self.clock.now());
        let start = DateTime::from(SystemTime::from(since));
        if start >= now {
            return Ok(Some(0));
        }
        let dimension =
            |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
        let metric = Metric::builder()
            .namespace(NAMESPACE)
            .metric_name(METRIC)
            .dimensions(dimension("Endpoint Type", kind.as_str()))
            .dimensions(dimension("Service Name", service.as_str()))
            .dimensions(dimension("VPC Endpoint Id", endpoint.as_str()))
            .dimensions(dimension("VPC Id", vpc.as_str()))
            .build();
        let request = self
            .client
            .get_metric_data()
            .metric_data_queries(summed(metric))
            .start_time(start)
            .end_time(now);
        let mut total = 0.0;
        let mut token: Option<String> = None;
        loop {
            let page = request.clone().set_next_token(token).send().await;
            let page = page.map_err(|e| error::failure("GetMetricData", &e))?;
            total +=
                page.metric_data_results().iter().flat_map(MetricDataResult::values).sum::<f64>();
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a sum of counts: `as` saturates, and a negative sum is nothing"
        )]
        Ok(Some(total as u64))
    }

    /// Whether it may be asked at all, without an endpoint to ask about.
    pub async fn may_read(&self) -> Result<(), Failure> {
        let now = self.clock.now();
        let metric = Metric::builder().namespace(NAMESPACE).metric_name(METRIC).build();
        let request = self
            .client
            .get_metric_data()
            .metric_data_queries(summed(metric))
            .start_time(DateTime::from(now - Duration::from_hours(1)))
            .end_time(DateTime::from(now));
        request.send().await.map(drop).map_err(|e| error::failure("GetMetricData", &e))
    }
}

fn summed(metric: Metric) -> MetricDataQuery {
    let sum = MetricStat::builder().metric(metric).period(HOUR).stat("Sum").build();
    MetricDataQuery::builder().id("bytes").metric_stat(sum).build()
}
