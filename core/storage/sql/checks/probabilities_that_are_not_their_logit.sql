-- Some rising probabilities are not the logistic of their logit.
select product_id, segment, rising_probability, logit
from read_parquet($forecasts)
where abs(rising_probability - 1.0 / (1.0 + exp(-logit))) > 1e-5
