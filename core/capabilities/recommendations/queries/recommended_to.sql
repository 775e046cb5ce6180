-- What do the lists of these customers name? asked: customer (the shop's own id), customer_id (the pseudonym), line.
select a.customer, r.place, r.product_id, p.title, r.chance, r.reason, r.because_id, b.title as because_title
from asked a
join recommendations r using (customer_id)
join products p on p.product_id = r.product_id
left join products b on b.product_id = r.because_id
order by a.line nulls last, r.place nulls last
