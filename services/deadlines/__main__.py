from services.deadlines.app import SERVICE
from shared.messaging.cli import main

main(SERVICE)
