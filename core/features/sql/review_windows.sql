-- What did reviews say over the last year?
select
    as_of, segment, product_id,
    sum(reviews) filter (where age < 28) as reviews_28d,
    sum(reviews) filter (where age < 182) as reviews_182d,
    sum(rated) filter (where age < 42) as rated_42d,
    sum(rating_sum) filter (where age < 42) as rating_sum_42d,
    sum(rated) filter (where age < 364) as rated_364d,
    sum(rating_sum) filter (where age < 364) as rating_sum_364d,
    sum(low_ratings) filter (where age < 182) as low_ratings_182d,
    sum(sentiments) filter (where age < 42) as sentiments_42d,
    sum(sentiment_sum) filter (where age < 42) as sentiment_sum_42d,
    sum(sentiments) filter (where age < 364) as sentiments_364d,
    sum(sentiment_sum) filter (where age < 364) as sentiment_sum_364d
from ranks
where age < 364 and reviews > 0
group by as_of, segment, product_id
