#!/usr/bin/env bash
# The job with the AWS CLI in a loop over accounts: rival.sh audit|rollout ACCOUNT...
set -euo pipefail
job=$1; shift
region=eu-west-1
# The command in the environment was moved after it was made, so its own file does not start.
aws() { "$PYTHON" -m awscli "$@"; }
caller=("$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY")
ec2() { aws ec2 --region "$region" --output text "$@"; }

for account in "$@"; do
  export AWS_ACCESS_KEY_ID=${caller[0]} AWS_SECRET_ACCESS_KEY=${caller[1]} AWS_SESSION_TOKEN=
  unset AWS_SESSION_TOKEN
  read -r id secret token < <(aws sts assume-role --region "$region" --role-session-name rival --output text \
    --role-arn "arn:aws:iam::$account:role/OrganizationAccountAccessRole" \
    --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]')
  export AWS_ACCESS_KEY_ID=$id AWS_SECRET_ACCESS_KEY=$secret AWS_SESSION_TOKEN=$token
  read -r vpc cidr < <(ec2 describe-vpcs --filters Name=tag:purpose,Values=workload \
    --query 'Vpcs[0].[VpcId,CidrBlock]')
  within=(--filters "Name=vpc-id,Values=$vpc")
  read -ra subnets < <(ec2 describe-subnets "${within[@]}" Name=tag:tier,Values=private \
    --query 'Subnets[].SubnetId')
  read -ra tables < <(ec2 describe-route-tables "${within[@]}" Name=association.main,Values=false \
    --query 'RouteTables[].RouteTableId')
  ec2 describe-security-groups "${within[@]}" --query 'SecurityGroups[].GroupId' >/dev/null
  ec2 describe-vpc-attribute --vpc-id "$vpc" --attribute enableDnsSupport >/dev/null
  ec2 describe-vpc-attribute --vpc-id "$vpc" --attribute enableDnsHostnames >/dev/null
  if [[ $job == rollout ]]; then
    group=$(ec2 create-security-group --group-name endpoints --description endpoints --vpc-id "$vpc" \
      --query GroupId)
    ec2 authorize-security-group-ingress --group-id "$group" --protocol tcp --port 443 --cidr "$cidr" >/dev/null
    for service in logs ecr.api; do
      ec2 create-vpc-endpoint --vpc-id "$vpc" --vpc-endpoint-type Interface --private-dns-enabled \
        --service-name "com.amazonaws.$region.$service" --subnet-ids "${subnets[@]}" \
        --security-group-ids "$group" >/dev/null
    done
    ec2 create-vpc-endpoint --vpc-id "$vpc" --vpc-endpoint-type Gateway \
      --service-name "com.amazonaws.$region.s3" --route-table-ids "${tables[@]}" >/dev/null
    until [[ $(ec2 describe-vpc-endpoints --query 'length(VpcEndpoints[?State==`available`])') == 3 ]]; do
      sleep 5
    done
  fi
  there=$(ec2 describe-vpc-endpoints --query 'length(VpcEndpoints[?State==`available`])')
  [[ $there -ge 3 ]] || { echo "$account has only $there endpoints" >&2; exit 1; }
done
