-- Which texts of reviews have no sentiment by this encoder yet?
select distinct r.text_sha256, r.text
from review_texts as r
left join text_sentiment as s on r.text_sha256 = s.text_sha256 and s.encoder = $encoder
where r.text is not null and s.text_sha256 is null
order by r.text_sha256 nulls last
