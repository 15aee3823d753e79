"""What happens: one use case, one function, one transaction, the same for every face. Nothing here sends or commits."""
