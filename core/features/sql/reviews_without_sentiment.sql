-- Which reviews have no sentiment yet?
select r.review_id, trim(coalesce(r.title, '') || '. ' || coalesce(r.body, ''), '. ') as text
from reviews as r
left join review_sentiment as s on r.review_id = s.review_id
where s.review_id is null and length(trim(coalesce(r.title, '') || coalesce(r.body, ''))) > 0
order by r.review_id nulls last
