"""What the pages are made of. Nothing here imports torch, transformers or shap: pages read snapshots, the worker computes."""
