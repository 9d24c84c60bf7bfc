"""The cook waits for an order without the lock: Python says "cannot wait on un-acquired lock"."""

import threading

kitchen = threading.Lock()
order = threading.Condition(kitchen)


def cook():
    try:
        order.wait()
    except RuntimeError as error:
        print(error)


with kitchen:
    thread = threading.Thread(name="cook", target=cook)
    thread.start()
    thread.join()
