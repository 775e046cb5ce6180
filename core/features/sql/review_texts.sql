-- What does the sentiment model read of each review? A review without words has no text.
-- text_sha256: the text's hash, under which its sentiment is kept, so that a corrected review gets a new one.
with texts as (
    select product_id, customer_id, created_at, rating,
        case
            when length(trim(coalesce(title, '') || coalesce(body, ''))) > 0
                then trim(coalesce(title, '') || '. ' || coalesce(body, ''), '. ')
        end as text
    from reviews
)

select product_id, customer_id, created_at, rating, text, sha256(text) as text_sha256
from texts
