-- What happened in the last half-year and year, and in the coming weeks a year ago?
select
    as_of, segment, product_id,
    sum(interest) filter (where age < 182) as interest_182d,
    sum(interest) filter (where age < 364) as interest_364d,
    sum(interest) filter (where age >= 336 and age < 364) as interest_year_ago,
    sum(interest) filter (where age >= 308 and age < 336) as interest_year_ago_next,
    min(age) filter (where interest > 0) as days_since_last,
    sum(units + lost_units) filter (where age >= 364 - 7 and age < 364) as wanted_year_ago_w1,
    sum(units + lost_units) filter (where age >= 364 - 14 and age < 364) as wanted_year_ago_w2,
    sum(units + lost_units) filter (where age >= 364 - 28 and age < 364) as wanted_year_ago_w4,
    sum(units + lost_units) filter (where age >= 364 - 56 and age < 364) as wanted_year_ago_w8,
    sum(units + lost_units) filter (where age >= 364 - 91 and age < 364) as wanted_year_ago_w13,
    sum(revenue_cents) filter (where age < 182) as revenue_182d,
    sum(priced_units) filter (where age < 182) as priced_units_182d
from ranks
where age < 371
group by as_of, segment, product_id
