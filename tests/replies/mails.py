def add(corpus):
    pass
