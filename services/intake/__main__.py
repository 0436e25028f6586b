"""python -m services.intake serve|migrate|recover|republish|dead-letters"""

from services.intake.app import SERVICE
from shared.messaging.cli import main

if __name__ == "__main__":
    main(SERVICE)
