"""python -m services.notifications serve|migrate|recover|republish|dead-letters"""

from services.notifications.app import SERVICE
from shared.messaging.cli import main

if __name__ == "__main__":
    main(SERVICE)
