# moto in which a key that was switched off does not authenticate. Shared with the tests of the whole program.
import sys
import moto.iam.access_control as access
first = access.IAMUserAccessKey.__init__
def strict(self, account_id, partition, access_key_id, headers):
    first(self, account_id, partition, access_key_id, headers)
    for user in self.backend.list_users('/', None, None):
        for key in user.access_keys:
            if key.access_key_id == access_key_id and key.status != 'Active':
                raise access.CreateAccessKeyFailure(reason='InvalidId')
access.IAMUserAccessKey.__init__ = strict
from moto.server import main
main(sys.argv[1:])
