-- How was each product reviewed, week by week? A week is named after its last day; weeks without a review have no row. Sentiment is in
-- points from -100 to 100, as in the features.
select
    product_id,
    cast($as_of as date) - cast(floor(7 * weeks_ago) as integer) as week,
    reviews,
    rating_sum / nullif(rated, 0) as rating,
    sentiment_sum / nullif(sentiments, 0) * 100 as sentiment
from (
    select
        product_id, floor(date_diff('day', day, cast($as_of as date)) / 7) as weeks_ago,
        sum(reviews) as reviews, sum(rated) as rated, sum(rating_sum) as rating_sum,
        sum(sentiments) as sentiments, sum(sentiment_sum) as sentiment_sum
    from daily
    where day <= $as_of and date_diff('day', day, cast($as_of as date)) < 7 * $weeks
    group by product_id, floor(date_diff('day', day, cast($as_of as date)) / 7)
) as w
where reviews > 0
order by product_id nulls last, week nulls last
